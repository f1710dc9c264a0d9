import { workspace as company } from '../../cast.ts'
import { faultsInBlocks, faultsInView } from '../blocks.ts'
import { isObject, text } from '../json.ts'
import { SlackRefusal } from '../refusal.ts'
import { app } from '../workspace.ts'
import type { Method } from './call.ts'
import { channelOf, messageOf } from './call.ts'

export const authTest: Method = ({ url }) => ({
  url: `${url}/`,
  team: company.name,
  user: app.handle,
  team_id: company.team,
  user_id: app.user,
  bot_id: app.bot,
  is_enterprise_install: false,
})

export const apiTest: Method = ({ args }) => {
  const error = args.text('error')
  if (error !== '') throw new SlackRefusal(error)
  return { args: args.has('foo') ? { foo: args.text('foo') } : {} }
}

export const connectionsOpen: Method = ({ openSocket }) => ({ url: openSocket() })

export const teamInfo: Method = (call) => {
  call.needs('team:read')
  return {
    team: {
      id: company.team,
      name: company.name,
      domain: company.domain,
      email_domain: `${company.domain}.test`,
      icon: {},
    },
  }
}

export const pinsAdd: Method = (call) => {
  call.needs('pins:write')
  const channel = channelOf(call, { member: true })
  const message = messageOf(call, channel, 'timestamp')
  if (message.pinned) throw new SlackRefusal('already_pinned')
  call.workspace.change(channel.id, message.ts, { pinned: true })
  return {}
}

export const reactionsAdd: Method = (call) => {
  call.needs('reactions:write')
  const channel = channelOf(call, { member: true })
  const message = messageOf(call, channel, 'timestamp')
  const name = call.args.required('name', 'invalid_name')
  const before = message.reactions.find((reaction) => reaction.name === name)
  if (before?.users.includes(app.user) === true) throw new SlackRefusal('already_reacted')
  const others = message.reactions.filter((reaction) => reaction.name !== name)
  call.workspace.change(channel.id, message.ts, {
    reactions: [...others, { name, users: [...(before?.users ?? []), app.user] }],
  })
  return {}
}

/** Examines blocks, a message or a view without posting them, and points at each fault. */
export const blocksValidate: Method = ({ args }) => {
  const view = args.object('view', 'invalid_view')
  const message = args.object('message', 'invalid_message')
  const blocks = args.nested('blocks', 'invalid_blocks') ?? message?.['blocks']
  const [code, faults] = isObject(view)
    ? (['invalid_view', faultsInView(view, view['type'] === 'home' ? 'home' : 'modal')] as const)
    : ([
        message === undefined ? 'invalid_blocks' : 'invalid_message',
        faultsInBlocks(blocks ?? null, 'message'),
      ] as const)
  if (faults.length === 0) return {}
  throw new SlackRefusal(code, { errors: faults.map(pointed) })
}

function pointed(fault: string): { pointer: string; code: string; message: string } {
  const found = /^(?<message>.*) \[json-pointer:(?<pointer>.*)\]$/.exec(fault)?.groups
  return { pointer: text(found?.['pointer']), code: 'invalid', message: text(found?.['message']) }
}
