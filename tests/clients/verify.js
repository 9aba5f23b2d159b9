// Checks webhooks with the public library of Standard Webhooks.
//
// Takes one line of JSON each on stdin (secret, headers, body) and answers with
// one line: `accepted`, or why not.

const { createInterface } = require('node:readline');
const { Webhook, WebhookVerificationError } = require('standardwebhooks');

createInterface({ input: process.stdin }).on('line', (line) => {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(body, headers);
    console.log('accepted');
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    console.log(`refused: ${error.message}`);
  }
});
