import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import { sign } from '#/drill/slack/delivery.ts'
import type { Case } from '../../support/incident-flow.ts'
import type { World } from '../harness/world.ts'

/** What is sent to the endpoint for Slack, byte for byte. A name may be there twice. */
export type Letter = {
  readonly body: string | Buffer
  readonly headers: readonly (readonly [string, string])[]
}

export const form = ['content-type', 'application/x-www-form-urlencoded'] as const

/** The press of "Approve" on the request that is open, as Slack would tell of it; bao's unless said otherwise. */
export function approvalOf(incident: Case, user: string = cast.bao.user): Readonly<Record<string, unknown>> {
  const asked = [...incident.state().requests.values()].findLast(({ shown }) => shown !== undefined)
  if (asked?.shown === undefined) throw new Error(`${incident.id} shows no request`)
  return {
    type: 'block_actions',
    user: { id: user, username: user, name: user, team_id: workspace.team },
    api_app_id: 'A0RESPONDER',
    team: { id: workspace.team, domain: workspace.domain },
    channel: incidentChannel,
    trigger_id: randomUUID(),
    actions: [
      {
        type: 'button',
        action_id: 'approve',
        block_id: 'b',
        value: `${incident.id}|${asked.id}|${asked.shown.digest}`,
        action_ts: '1',
      },
    ],
  }
}

export function formOf(payload: unknown): string {
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

/** The two headers that prove a body; of now, or `skew` seconds later, with the secret of this world or another one. */
export function proof(
  { stage }: World,
  body: string,
  { skew = 0, secret = stage.slack.signingSecret }: { readonly skew?: number; readonly secret?: string } = {},
): { readonly at: string; readonly signature: string } {
  const seconds = () => Math.floor(Date.now() / 1000) + skew
  const headers = sign({ signingSecret: secret, seconds }, body)
  return { at: headers['x-slack-request-timestamp'], signature: headers['x-slack-signature'] }
}

export function headersOf({ at, signature }: { readonly at: string; readonly signature: string }): Letter['headers'] {
  return [form, ['x-slack-request-timestamp', at], ['x-slack-signature', signature]]
}

/** A body with a signature that is right and of now. */
export function signed(world: World, body: string): Letter {
  return { body, headers: headersOf(proof(world, body)) }
}

/** Sends it on a connection of its own, and gives the status. Rejects when there is no answer within 3 s, as Slack would give up. */
export async function post(world: World, { body, headers }: Letter): Promise<number> {
  const bytes = Buffer.from(body)
  const answer = Promise.withResolvers<number>()
  const sent = request({
    host: '127.0.0.1',
    port: portOf(world),
    path: '/slack/events',
    method: 'POST',
    agent: false,
    headers: [['host', `127.0.0.1:${portOf(world)}`], ['content-length', String(bytes.length)], ...headers].flat(),
    signal: AbortSignal.timeout(3000),
  })
  sent.on('response', (response) => {
    response.resume()
    answer.resolve(response.statusCode ?? 0)
  })
  sent.on('error', answer.reject)
  sent.end(bytes)
  return answer.promise
}

export function portOf({ stage }: World): number {
  return Number(stage.env['PORT'])
}
