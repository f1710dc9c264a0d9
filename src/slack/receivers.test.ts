import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { WebSocketServer } from 'ws'
import { cast } from '#/drill/cast.ts'
import { startSlack } from './start-slack.ts'
import { keepLog, MemoryDoor } from './test-support.ts'

/** A Slack that says hello and then whatever the test wants, true or not. */
async function talkingSlack(said: readonly string[]) {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    const answer =
      request.url?.endsWith('apps.connections.open') === true
        ? { ok: true, url: `ws://127.0.0.1:${port}/` }
        : { ok: true, team_id: 'T0ACME', user_id: 'U0RESPONDER' }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answer))
  })
  const sockets = new WebSocketServer({ server })
  const acks: unknown[] = []
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer) => acks.push(JSON.parse(data.toString())))
    socket.send('{"type":"hello"}')
    for (const one of said) socket.send(one)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    apiUrl: `http://127.0.0.1:${port}/api/`,
    acks,
    [Symbol.asyncDispose]: async () => {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

test('messages that are none do not end the process, and the next good one is taken', async () => {
  await using talking = await talkingSlack([
    'null',
    '{"type":"events_api","envelope_id":"e1","payload":null}',
    '{"type":"events_api","envelope_id":"e2","payload":{"event":null}}',
    '{"type":"interactive","envelope_id":"e3","payload":null}',
    'not even JSON',
    JSON.stringify({
      type: 'slash_commands',
      envelope_id: 'good',
      payload: {
        command: '/autentico',
        text: 'help',
        user_id: cast.ana.user,
        channel_id: 'C0INCIDENTS',
        trigger_id: '1.2.3',
        team_id: 'T0ACME',
      },
    }),
  ])
  const log = keepLog()
  await using slack = await startSlack({
    botToken: 'xoxb-test',
    apiUrl: talking.apiUrl,
    inlet: { mode: 'socket', appToken: 'xapp-test' },
    channel: 'C0INCIDENTS',
    roster: { responders: [], approvers: [], accounts: new Map() },
    door: new MemoryDoor(),
    log,
    onStuck: () => undefined,
  })
  await vi.waitFor(() => expect(talking.acks).toContainEqual({ envelope_id: 'good', payload: {} }))
  expect(slack.connected()).toBe(true)
  expect(log.lines.filter(({ message }) => message.includes('has not the form')).length).toBeGreaterThan(0)
})
