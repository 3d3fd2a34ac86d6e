// The key that lets the band sound in this browser; hidden where there is no sound to be had.

export function mountListen() {
  return null;
}
