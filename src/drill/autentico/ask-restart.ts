/** `ask-restart.ts <port> <token>`: has the supervisor of a local Autentico restart it, and waits until it has. */
const [port, token] = process.argv.slice(2)
const answer = await fetch(`http://127.0.0.1:${port}/`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}` },
})
if (answer.status !== 204) {
  process.stderr.write(`not restarted: ${answer.status} ${await answer.text()}\n`)
  process.exitCode = 1
}
