// A public client of Socket.IO, driven by a test.
//
//     listen.js URL OPTIONS
//
// Says all that it hears on stdout, one line of JSON each; a line `again ID` on
// stdin breaks its connection, and it goes on after that event.

const { createInterface } = require('node:readline');
const { io } = require('socket.io-client');

const [url, text] = process.argv.slice(2);
const options = JSON.parse(text);
const auth = { ...options.auth };

function say(what) {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

const client = io(url, {
  auth: (done) => done(auth),
  extraHeaders: options.headers,
  transports: options.transports,
  reconnectionDelay: 10,
  reconnectionDelayMax: 10,
});

for (const name of options.names) {
  client.on(name, (...args) => {
    say(args.length === 1 ? { event: name, data: args[0] } : { event: name, args });
  });
}
client.on('connect', () => say({ connected: client.io.engine.transport.name }));
client.on('connect_error', (error) => say({ refused: { message: error.message, data: error.data } }));
client.on('disconnect', (reason) => say({ disconnected: reason }));

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [command, id] = line.split(' ');
    if (command !== 'again') return;
    auth.last_event_id = id;
    client.io.engine.close();
  })
  .on('close', () => process.exit(0));
