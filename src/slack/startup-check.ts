import { z } from 'zod'
import { type SlackFailure, SlackRejected } from './failures.ts'
import type { Lanes } from './lanes.ts'
import type { Workspace } from './workspace.ts'

/** A scope, and what cannot be done without it. */
const needed = {
  commands: 'nobody can use /autentico, the buttons or the forms',
  'chat:write': 'nothing can be posted',
  'users:read': 'nobody can be recognised, so nothing is allowed',
} as const
const useful = {
  'users:read.email': 'the target of an incident is recognised only by SLACK_USER_MAP',
  'usergroups:read': 'user groups in RESPONDERS and APPROVERS count for nobody',
  'groups:read':
    'it cannot be checked whether a private incident channel is shared with another company, so no file that names people is put into it',
  'files:write': 'no evidence is put into a thread as a file; it has to be fetched with `responder export --files`',
} as const

/** `about`: that the history cannot be read, which the bot says elsewhere as well. */
export type Finding = { readonly fatal: boolean; readonly sentence: string; readonly about?: 'history' }

const withoutHistory =
  'the bot cannot look for its own posts after a crash, compare the thread with the ledger, nor notice what people edit and delete in a thread'

const channelAnswer = z.object({
  channel: z.object({
    name: z.string().default(''),
    is_member: z.boolean().nullish(),
    is_ext_shared: z.boolean().nullish(),
    is_archived: z.boolean().nullish(),
    is_private: z.boolean().nullish(),
  }),
})

/** Whether the token, its scopes and the incident channel are as they have to be. An empty list: they are. Never throws. */
export async function checkSetup(deps: {
  readonly workspace: Workspace
  readonly lanes: Lanes
  readonly channel: string
  /** Whether the roster names user groups. */
  readonly usesGroups: boolean
}): Promise<readonly Finding[]> {
  try {
    const { scopes } = await deps.workspace.identity()
    return [...scopeFindings(scopes, deps.usesGroups), ...(await channelFindings(deps.lanes, deps.channel, scopes))]
  } catch (error) {
    return [findingOf(error, 'the bot token (SLACK_BOT_TOKEN)')]
  }
}

function scopeFindings(scopes: readonly string[], usesGroups: boolean): readonly Finding[] {
  // Slack names them in a header that a proxy may have taken away; then every call will tell for itself.
  if (scopes.length === 0) return []
  const missing = (list: Readonly<Record<string, string>>, fatal: boolean) =>
    Object.entries(list).flatMap(([scope, without]) =>
      scopes.includes(scope)
        ? []
        : [
            {
              fatal: fatal || (scope === 'usergroups:read' && usesGroups),
              sentence: `The Slack app lacks the scope ${scope}: without it ${without}. Add it to the app and install it again.`,
            },
          ],
    )
  return [...missing(needed, true), ...missing(useful, false)]
}

/** Slack has two scopes for it, one for private channels (`groups`) and one for public ones. */
function historyFindings(scopes: readonly string[], family: 'groups' | 'channels'): readonly Finding[] {
  const scope = `${family}:history`
  if (scopes.length === 0 || scopes.includes(scope)) return []
  return [
    {
      fatal: false,
      about: 'history',
      // No colon behind it: between two, a word is an emoji.
      sentence: `The Slack app lacks the scope ${scope}. Without it ${withoutHistory}. Add it to the app and install it again.`,
    },
  ]
}

async function channelFindings(lanes: Lanes, id: string, scopes: readonly string[]): Promise<readonly Finding[]> {
  try {
    const { channel } = channelAnswer.parse(await lanes.lookUps('conversations.info', { channel: id }))
    const findings: Finding[] = [...historyFindings(scopes, channel.is_private === false ? 'channels' : 'groups')]
    if (channel.is_archived === true)
      findings.push({
        fatal: true,
        sentence: `The channel #${channel.name} (INCIDENT_CHANNEL ${id}) is archived. Restore it or set another.`,
      })
    if (channel.is_member === false)
      findings.push({
        fatal: true,
        sentence: `The bot is not in #${channel.name} (INCIDENT_CHANNEL ${id}). Type /invite @autentico there.`,
      })
    if (channel.is_ext_shared === true) {
      findings.push({
        fatal: false,
        sentence: `#${channel.name} (INCIDENT_CHANNEL ${id}) is shared with another company, whose people can read every incident. They cannot approve. Use a private channel of your own.`,
      })
    }
    return findings
  } catch (error) {
    const finding = findingOf(error, `INCIDENT_CHANNEL ${id}`)
    // Without the scope to look, posting will tell.
    return [
      ...historyFindings(scopes, 'groups'),
      error instanceof SlackRejected && error.code === 'missing_scope' ? { ...finding, fatal: false } : finding,
    ]
  }
}

function findingOf(error: unknown, what: string): Finding {
  const failure = error as SlackFailure
  return failure instanceof SlackRejected
    ? { fatal: true, sentence: `Slack does not accept ${what}: ${failure.code}. ${failure.remedy}` }
    : {
        fatal: false,
        sentence: `Slack could not be asked about ${what}: ${failure.message}. It is tried again as long as the program runs.`,
      }
}
