// Downloads of the session, in #downloads; where there are none, nothing is shown.

export class Downloads {
  constructor(stage) {
    Object.assign(this, stage);
  }
}
