import type { Variables } from './variables.ts'

/** What these variables, each right by itself, leave out or contradict each other in, by the names of the variables. */
export function missing(data: Variables): readonly string[] {
  return [
    ...(data.ROLE === 'worker' ? [] : missingForSlack(data)),
    ...(data.ROLE === 'bot' ? [] : missingForAutentico(data)),
    ...(data.ROLE === 'worker' ? [] : missingForStepUp(data)),
    ...missingForKeys(data),
    ...halfGiven(data),
  ]
}

function missingForSlack(data: Variables): readonly string[] {
  const socket = data.SLACK_APP_TOKEN !== undefined
  const http = data.SLACK_SIGNING_SECRET !== undefined
  return [
    ...(data.SLACK_BOT_TOKEN === undefined
      ? ['SLACK_BOT_TOKEN: is missing; it begins with xoxb- and stands under OAuth & Permissions']
      : []),
    ...(!socket && !http
      ? ['SLACK_APP_TOKEN: is missing (Socket Mode), or give SLACK_SIGNING_SECRET and PORT (HTTP mode)']
      : []),
    ...(socket && http
      ? ['SLACK_APP_TOKEN: given together with SLACK_SIGNING_SECRET; keep the one for your mode']
      : []),
    ...(http && !socket && data.PORT === undefined ? ['PORT: is missing; HTTP mode needs the port to listen on'] : []),
    ...(data.INCIDENT_CHANNEL === undefined
      ? ['INCIDENT_CHANNEL: is missing; the id of the channel that incidents are opened in']
      : []),
    ...(data.RESPONDERS.length === 0 ? ['RESPONDERS: is missing; an empty list lets nobody respond'] : []),
    ...(data.APPROVERS.length === 0 ? ['APPROVERS: is missing; an empty list lets nobody approve'] : []),
  ]
}

function missingForAutentico(data: Variables): readonly string[] {
  if (data.AUTENTICO_URL === undefined)
    return ['AUTENTICO_URL: is missing; where Autentico answers, such as https://id.example.org']
  if (data.AUTENTICO_ADMIN_TOKEN !== undefined) return []
  const needed = ['AUTENTICO_CLIENT_ID', 'AUTENTICO_CLIENT_SECRET', 'AUTENTICO_USERNAME', 'AUTENTICO_PASSWORD'] as const
  return needed
    .filter((name) => data[name] === undefined)
    .map((name) => `${name}: is missing (or give a ready bearer in AUTENTICO_ADMIN_TOKEN)`)
}

/** Each of these does nothing without the others. */
const together = [
  ['AUTENTICO_ENV_FILE', 'AUTENTICO_RESTART_COMMAND'],
  ['PROXY_KIND', 'PROXY_CONFIG_PATH', 'PROXY_TEST_COMMAND', 'PROXY_RELOAD_COMMAND'],
] as const

function halfGiven(data: Variables): readonly string[] {
  return together.flatMap((all): readonly string[] => {
    // Traefik watches its files: it has nothing that would test or reload them.
    const names: readonly (keyof Variables)[] =
      data.PROXY_KIND === 'traefik' ? all.filter((name) => !/^PROXY_(TEST|RELOAD)/.test(name)) : all
    const given = names.filter((name) => data[name] !== undefined)
    if (given.length === 0) return []
    return names.flatMap((name) =>
      given.includes(name as never) ? [] : [`${name}: is missing beside ${given.join(', ')}`],
    )
  })
}

function missingForStepUp(data: Variables): readonly string[] {
  if (data.STEP_UP === 'off') return []
  return [
    ...(data.STEP_UP_CLIENT_ID === undefined
      ? ['STEP_UP_CLIENT_ID: is missing beside STEP_UP=autentico; a client of Autentico with the device grant']
      : []),
    // Where both roles run here, it is asked for anyway.
    ...(data.ROLE === 'bot' && data.AUTENTICO_URL === undefined
      ? ['AUTENTICO_URL: is missing beside STEP_UP=autentico; where people sign in, such as https://id.example.org']
      : []),
  ]
}

function missingForKeys(data: Variables): readonly string[] {
  return [
    ...(data.ROLE === 'bot' && data.WORKER_PUBLIC_KEYS_FILE === undefined
      ? ['WORKER_PUBLIC_KEYS_FILE: is missing; a bot that runs apart believes only the workers whose keys are in it']
      : []),
    ...(data.ROLE === 'worker' && data.BOT_PUBLIC_KEYS_FILE === undefined
      ? [
          'BOT_PUBLIC_KEYS_FILE: is missing; a worker that runs apart takes orders only from the bot whose keys are in it',
        ]
      : []),
  ]
}
