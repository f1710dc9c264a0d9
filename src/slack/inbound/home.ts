import { isAccountOf } from '#/incident/approval.ts'
import type { Standing } from '#/incident/people.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { section } from '../cards/blocks.ts'
import { homeView } from '../cards/lists.ts'
import { sentence } from '../cards/text.ts'
import { whyNotRead } from './answers.ts'
import type { Desk, HomeOpened } from './desk.ts'

/** The Home tab, drawn anew every time somebody opens it. */
export async function home({ user }: HomeOpened, desk: Desk): Promise<void> {
  const by = await desk.roster.standing(user)
  const refusal = whyNotRead(by)
  const view =
    refusal === undefined ? await homeOf(desk, by) : { type: 'home' as const, blocks: [section(sentence(refusal))] }
  await desk.call('views.publish', { user_id: user, view })
}

async function homeOf(desk: Desk, by: Standing): Promise<ReturnType<typeof homeView>> {
  // Nobody reads along in the incident about themselves.
  const others = (incident: OpenedIncident) => !isAccountOf(by, incident.target)
  return homeView({
    now: desk.now(),
    threadLink: threadLinks(desk),
    viewer: by.person.slack.user,
    open: desk.door.openIncidents().filter(others),
    recent: desk.door.recentIncidents(10).filter(others),
    drill: desk.door.drill,
    status: (await desk.door.status?.()) ?? [],
  })
}

export function threadLinks(desk: Desk): (incident: OpenedIncident) => string | undefined {
  return ({ thread }) => (thread === undefined ? undefined : desk.workspace.linkTo(thread))
}
