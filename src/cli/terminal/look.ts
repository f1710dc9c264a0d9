import { join } from 'node:path'
import { fold, recordedOf } from '#/deciders/incidents.ts'
import type { IncidentId } from '#/incident/events.ts'
import { type OpenedIncident, openRequests, type Request, stepState, stepsOf } from '#/incident/state.ts'
import { plainLine, timelineLine } from '#/incident/timeline.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { printable } from '#/terminal/printable.ts'
import { incidentLine, incidentLines } from '#/terminal/words.ts'
import type { Surroundings } from '../surroundings.ts'

/** Reading asks nobody: whoever may read the ledger's file may read what stands in it, also while a bot writes to it. */
type Where = { readonly dataDir: string; readonly json: boolean }

/** The open incidents, or with `all` every one, newest first. */
export function listIncidents({ out }: Surroundings, { dataDir, json, all }: Where & { readonly all: boolean }): 0 {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const ids = ledger.streams(
    all ? { having: 'IncidentOpened' } : { having: 'IncidentOpened', without: 'IncidentClosed' },
  )
  const incidents = ids.flatMap((id) => fold(ledger, id as IncidentId) ?? []).toReversed()
  if (json) out(`${JSON.stringify({ incidents: incidents.map(summaryOf) })}\n`)
  else if (incidents.length === 0) out(all ? 'There are no incidents.\n' : 'No incident is open.\n')
  else for (const incident of incidents) out(`${incidentLine(incident)}\n`)
  return 0
}

/** One incident with its steps, the requests that wait, and the last entries. 1: there is none. */
export function showIncident(
  { out, err }: Surroundings,
  { dataDir, json, id, entries }: Where & { readonly id: IncidentId; readonly entries: number },
): 0 | 1 {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  const incident = fold(ledger, id)
  if (incident === undefined) {
    err(`There is no incident ${printable(id)} in this ledger.\n`)
    return 1
  }
  const timeline = ledger
    .stream(id)
    .map((entry) => plainLine(timelineLine(recordedOf(entry), incident)))
    .slice(-entries)
  if (json) out(`${JSON.stringify({ ...detailsOf(incident), timeline })}\n`)
  else for (const line of [...incidentLines(incident), '', ...timeline.map(printable)]) out(`${line}\n`)
  return 0
}

/** An incident as somebody saw it who is about to act. Undefined: there is none. */
export function readIncident(dataDir: string, id: IncidentId): OpenedIncident | undefined {
  using ledger = openLedgerReader({ file: join(dataDir, 'ledger.sqlite') })
  return fold(ledger, id)
}

function summaryOf(incident: OpenedIncident) {
  const { id, status, severity, playbook, target, openedAt, openedBy, commander, drill } = incident
  return {
    id,
    status,
    severity,
    playbook: playbook.id,
    target: target.username,
    openedAt,
    openedBy: openedBy.name,
    commander: commander.name,
    drill,
    waiting: openRequests(incident).map(({ id: request }) => request),
  }
}

function detailsOf(incident: OpenedIncident) {
  return {
    ...summaryOf(incident),
    summary: incident.summary,
    steps: stepsOf(incident).map(({ id, title }) => ({ id, title, status: stepState(incident, id).status })),
    requests: openRequests(incident).map(requestOf),
  }
}

function requestOf({ id, step, kind, action, reason, requester, askedAt, shown }: Request) {
  return { id, step, kind, action, reason, requester: requester.name, askedAt, shown }
}
