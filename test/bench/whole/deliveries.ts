import { cast, incidentChannel, workspace } from '#/drill/cast.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { Request } from '#/incident/state.ts'
import { fields, forms } from '#/slack/references.ts'

/** The fields of a request as Slack sends it. */
export type Fields = Readonly<Record<string, string>>

const counter = { last: 0 }

/** A trigger that no other delivery has: one that came again would be answered from memory. */
function trigger(): string {
  counter.last += 1
  return `${process.pid}.${counter.last}`
}

export function command(text: string): Fields {
  return {
    command: '/autentico',
    text,
    user_id: cast.bao.user,
    team_id: workspace.team,
    channel_id: incidentChannel.id,
    trigger_id: trigger(),
  }
}

export function press(user: string, action: string, value: string): Fields {
  const payload = {
    type: 'block_actions',
    user: { id: user, username: user, name: user, team_id: workspace.team },
    api_app_id: 'A0RESPONDER',
    team: { id: workspace.team, domain: workspace.domain },
    channel: incidentChannel,
    trigger_id: trigger(),
    actions: [{ type: 'button', action_id: action, block_id: 'b', value, action_ts: '1' }],
  }
  return { payload: JSON.stringify(payload) }
}

/** What an approval of this request looks like. */
export function approval(incident: IncidentId, { id, shown }: Request): Fields {
  return press(cast.bao.user, 'approve', `${incident}|${id}|${shown?.digest ?? ''}`)
}

export function opening(username: string, id: string): Fields {
  const values = {
    ...chosen(fields.playbook, 'account-compromise'),
    ...chosen(fields.target, `a|${id}|${username}`),
    ...chosen(fields.severity, 'sev2'),
    ...typed(fields.summary, ''),
  }
  return submitted(forms.open, '', values)
}

/** Everything from this step on is to be skipped. */
export function skipping(incident: IncidentId, step: string): Fields {
  const values = { ...chosen(fields.extent, 'skip-rest'), ...typed(fields.reason, 'Nobody is behind this account.') }
  return submitted(forms.skip, `${incident}|s|${step}`, values)
}

export function closing(incident: IncidentId): Fields {
  return submitted(forms.close, incident, typed(fields.reason, 'Done.'))
}

function submitted(form: string, metadata: string, values: Readonly<Record<string, object>>): Fields {
  const payload = {
    type: 'view_submission',
    user: { id: cast.ana.user, team_id: workspace.team },
    team: { id: workspace.team, domain: workspace.domain },
    api_app_id: 'A0RESPONDER',
    trigger_id: trigger(),
    view: {
      id: `V${trigger().replaceAll('.', '')}`,
      hash: trigger(),
      type: 'modal',
      callback_id: form,
      private_metadata: metadata,
      state: { values },
      blocks: [],
    },
  }
  return { payload: JSON.stringify(payload) }
}

function chosen(field: string, value: string): Readonly<Record<string, object>> {
  const text = { type: 'plain_text', text: value }
  return { [field]: { [field]: { type: 'static_select', selected_option: { value, text } } } }
}

function typed(field: string, value: string): Readonly<Record<string, object>> {
  return { [field]: { [field]: { type: 'plain_text_input', value } } }
}
