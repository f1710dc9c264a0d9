import { connect, type Socket } from 'node:net'

/**
 * What an attacker does to the endpoint for Slack, in a process of its own: idle sockets, requests that never end, and requests that
 * nobody signed, as many as it can. `flood.ts PORT`; it says "begun" once all of that is under way, and goes on until it is killed.
 */
const port = Number(process.argv[2])
const idle = 1_000
const slow = 200
const unsigned = 50

const body = 'payload=%7B%7D'
const request = `POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`

function open(begin: (socket: Socket) => void): void {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('connect', () => begin(socket))
  socket.on('error', () => undefined)
  socket.on('data', () => undefined)
  // As often as it is shown the door.
  socket.on('close', () => setTimeout(() => open(begin), 50))
}

for (let n = 0; n < idle; n += 1) open(() => undefined)
for (let n = 0; n < slow; n += 1)
  open((socket) => {
    socket.write('POST /slack/events HTTP/1.1\r\nHost: x\r\n')
    const timer = setInterval(() => socket.write('X-Slow: 1\r\n'), 500)
    socket.on('close', () => clearInterval(timer))
  })
for (let n = 0; n < unsigned; n += 1)
  open((socket) => {
    socket.write(request)
    socket.on('data', () => socket.write(request))
  })
setTimeout(() => process.stdout.write('begun\n'), 500)
