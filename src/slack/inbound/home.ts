import { isAccountOf } from '#/incident/approval.ts'
import type { Standing } from '#/incident/people.ts'
import { type OpenedIncident, openRequests } from '#/incident/state.ts'
import { section } from '../cards/blocks.ts'
import { homeView, type Waiting } from '../cards/home.ts'
import { sentence } from '../cards/text.ts'
import { whyNotRead } from './answers.ts'
import type { Desk, HomeOpened } from './desk.ts'

/** Somebody opened the Home tab. */
export async function home(opened: HomeOpened, desk: Desk): Promise<void> {
  desk.viewers.opened(opened.user)
  await drawHome(opened, desk)
}

/** The Home tab as it is now, for one person. Throws what Slack's failures throw. */
export async function drawHome({ user }: HomeOpened, desk: Desk): Promise<void> {
  const by = await desk.roster.standing(user)
  const refusal = whyNotRead(by)
  const view =
    refusal === undefined ? await homeOf(desk, by) : { type: 'home' as const, blocks: [section(sentence(refusal))] }
  await desk.call('views.publish', { user_id: user, view })
}

async function homeOf(desk: Desk, by: Standing): Promise<ReturnType<typeof homeView>> {
  // Nobody reads along in the incident about themselves.
  const others = (incident: OpenedIncident) => !isAccountOf(by, incident.target)
  const status = await desk.door.status()
  // What follows is read after that, so that it is as new as can be.
  const open = desk.door.openIncidents().filter(others)
  return homeView({
    now: desk.now(),
    threadLink: threadLinks(desk),
    viewer: by.person,
    waiting: open.flatMap((incident) => waitingFor(desk, by, incident)),
    open,
    recent: desk.door.recentIncidents(10).filter(others),
    drill: desk.door.drill,
    status,
  })
}

/** The open requests that this person can approve now, and where they stand. */
function waitingFor(desk: Desk, by: Standing, incident: OpenedIncident): readonly Waiting[] {
  return openRequests(incident)
    .filter((request) => request.shown !== undefined && desk.roster.mayApprove(incident, request, by))
    .map((request) => {
      const place = desk.door.requestPlace(incident.id, request.id) ?? incident.thread
      return { incident, request, link: place === undefined ? undefined : desk.workspace.linkTo(place) }
    })
}

export function threadLinks(desk: Desk): (incident: OpenedIncident) => string | undefined {
  return ({ thread }) => (thread === undefined ? undefined : desk.workspace.linkTo(thread))
}
