const socket = new WebSocket(`ws://${location.host}/ws`);
socket.onmessage = (event) => { document.getElementById("state").textContent = event.data; };
