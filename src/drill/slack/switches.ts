import { cast, otherWorkspace } from '../cast.ts'
import type { Ack, Delivery } from './delivery.ts'
import type { Events } from './events.ts'
import type { Fault, Faults } from './faults.ts'
import type { FileShares } from './file-shares.ts'
import type { Rates } from './rates.ts'
import type { Sockets } from './sockets.ts'
import type { User, Workspace } from './workspace.ts'
import { app } from './workspace.ts'

/** What an administrator, an accident or Slack itself does to the workspace. */
export type Switches = {
  /** Makes the next calls of a Web API method go wrong; `*` stands for every method. */
  readonly failNext: (method: string, fault: Fault) => void
  readonly clearFaults: () => void
  /** Whether a channel takes one message a second. */
  readonly limitRate: (on: boolean) => void
  /** Holds up files that were accepted, so that they are not shown; off, all that wait are. */
  readonly holdFiles: (on: boolean) => void
  /** Tells the app to reconnect, as Slack does. */
  readonly disconnectSockets: (reason?: 'warning' | 'refresh_requested' | 'link_disabled') => void
  /** Cuts the app's connections without a word. */
  readonly dropConnections: () => void
  /** Turns new Socket Mode connections away, or lets them in again. */
  readonly refuseConnections: (on: boolean) => void
  /** Puts Slack out of the app's reach: its connections are cut and refused, and so is every call it makes. People go on using Slack. */
  readonly cutOff: (on: boolean) => void
  /** Loses the acknowledgements on purpose: what is delivered reaches the app, and the person sees a time-out. */
  readonly loseAcks: (on: boolean) => void
  /** Delivers a payload once more, byte for byte the same; the last one unless said otherwise. */
  readonly redeliver: (delivery?: Delivery) => Promise<Ack>
  /** Tokens answer `token_revoked`, or work again. */
  readonly revokeTokens: (on: boolean) => void
  /** Takes a scope away from the installed app, as when an administrator declined it. */
  readonly withholdScope: (scope: string) => void
  readonly archive: (channel: string, archived?: boolean) => void
  readonly addMember: (channel: string, user: string) => Promise<void>
  readonly removeMember: (channel: string, user: string) => Promise<void>
  /** Takes the app out of a channel. */
  readonly removeBot: (channel: string) => Promise<void>
  /** Lets everybody in the workspace join a channel. */
  readonly openUp: (channel: string) => void
  /** Shares a channel with the other company; the outsider is in it from then on. */
  readonly share: (channel: string) => void
  readonly deleteMessage: (channel: string, ts: string) => void
  readonly deactivate: (user: string) => void
  /** Changes what the workspace knows of a person, such as the handle; their id stays. */
  readonly changeUser: (user: string, changed: Partial<Omit<User, 'id'>>) => void
  readonly makeGuest: (user: string, guest?: boolean) => void
  readonly setUsergroup: (usergroup: string, users: readonly string[]) => void
  readonly removeFromUsergroup: (usergroup: string, user: string) => void
  /** Reloads a person's client: ephemeral messages are gone and forms are closed. */
  readonly reload: (user: string) => void
}

/** The parts that a switch turns, and the few facts that only switches change. */
export type Switchboard = {
  readonly workspace: Workspace
  readonly faults: Faults
  readonly rates: Rates
  readonly shares: FileShares
  readonly sockets: Sockets
  readonly events: Events
  readonly tokens: { revoked: boolean }
  readonly withheld: Set<string>
  readonly deliveries: { last: Delivery | undefined; losing: boolean }
  /** Whether nothing of the app's gets through. */
  readonly reach: { cut: boolean }
  readonly deliver: (delivery: Delivery) => Promise<Ack>
}

export function switches(board: Switchboard): Switches {
  const { workspace, faults, sockets } = board
  const members = (channel: string) => workspace.channels.get(channel)?.members ?? []

  async function addMember(channel: string, user: string): Promise<void> {
    if (!workspace.users.has(user)) throw new Error(`there is no person ${user} in the local Slack`)
    if (members(channel).includes(user)) return
    workspace.setChannel(channel, { members: [...members(channel), user] })
    await membership('member_joined_channel', channel, user)
  }

  async function removeMember(channel: string, user: string): Promise<void> {
    workspace.setChannel(channel, { members: members(channel).filter((member) => member !== user) })
    await membership('member_left_channel', channel, user)
  }

  async function membership(type: string, channel: string, user: string): Promise<void> {
    await board.events.send({ type, channel, user, event_ts: workspace.clock.stamp() })
  }

  return {
    failNext: (method, fault) => faults.add(method, fault),
    clearFaults: () => faults.clear(),
    limitRate: (on) => {
      board.rates.on = on
    },
    holdFiles: (on) => board.shares.hold(on),
    disconnectSockets: (reason = 'refresh_requested') => sockets.disconnect(reason),
    dropConnections: () => sockets.drop(),
    refuseConnections: (on) => {
      sockets.refusing = on
    },
    cutOff: (on) => {
      board.reach.cut = on
      sockets.refusing = on
      if (on) sockets.drop()
    },
    loseAcks: (on) => {
      board.deliveries.losing = on
    },
    redeliver: (delivery) => {
      const last = delivery ?? board.deliveries.last
      if (last === undefined) throw new Error('nothing was delivered yet that could be delivered again')
      return board.deliver(last)
    },
    revokeTokens: (on) => {
      board.tokens.revoked = on
    },
    withholdScope: (scope) => {
      board.withheld.add(scope)
    },
    archive: (channel, archived = true) => {
      workspace.setChannel(channel, { archived })
    },
    addMember,
    removeMember,
    removeBot: (channel) => removeMember(channel, app.user),
    openUp: (channel) => {
      workspace.setChannel(channel, { kind: 'public' })
    },
    share: (channel) => {
      const outsiders = [...workspace.users.values()].filter(({ team }) => team === otherWorkspace.team)
      const joining = outsiders.map(({ id }) => id).filter((id) => !members(channel).includes(id))
      workspace.setChannel(channel, {
        shared: true,
        members: [...members(channel), ...joining],
      })
    },
    deleteMessage: (channel, ts) => workspace.remove(channel, ts),
    deactivate: (user) => {
      workspace.setUser(user, { deactivated: true })
      for (const group of workspace.usergroups.values()) removeFromUsergroup(workspace, group.id, user)
    },
    changeUser: (user, changed) => workspace.setUser(user, changed),
    makeGuest: (user, guest = true) => workspace.setUser(user, { guest }),
    setUsergroup: (usergroup, users) => workspace.setUsergroup(usergroup, users),
    removeFromUsergroup: (usergroup, user) => removeFromUsergroup(workspace, usergroup, user),
    reload: (user) => workspace.reload(user),
  }
}

/** A person's id, from their id or their handle. */
export function personNamed(workspace: Workspace, name: string): string {
  const known = Object.entries(cast).find(([handle]) => handle === name)?.[1].user
  const found = known ?? [...workspace.users.values()].find(({ handle, id }) => handle === name || id === name)?.id
  if (found === undefined || !workspace.users.has(found))
    throw new Error(`there is no person ${name} in the local Slack`)
  return found
}

function removeFromUsergroup(workspace: Workspace, usergroup: string, user: string): void {
  const users = workspace.usergroups.get(usergroup)?.users ?? []
  workspace.setUsergroup(
    usergroup,
    users.filter((each) => each !== user),
  )
}
