import type { OpenMessage } from '../events.ts'

/** Whether the page makes a link of this address: the web and e-mail, and nothing that runs. */
export function isAddress(url: string): boolean {
  return /^(?:https?:\/\/[^\s/]|mailto:[^\s])/i.test(url) && URL.canParse(url)
}

/**
 * The message that an address points to, when it is a message of this workspace: of `<workspace>.slack.com`, or of a Slack
 * on this machine, which is the local one. Undefined for every other address.
 */
export function messageOf(url: string, workspace: string): OpenMessage | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, pathname, searchParams } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') return undefined
  const ours = [`${workspace.toLowerCase()}.slack.com`, '127.0.0.1', '[::1]', 'localhost']
  if (!ours.includes(hostname)) return undefined
  const match = /^\/archives\/([CGD][A-Z0-9]+)\/p(\d{1,12})(\d{6})\/?$/.exec(pathname)
  if (match === null) return undefined
  const [, channel = '', seconds = '', within = ''] = match
  const thread = searchParams.get('thread_ts') ?? ''
  return { channel, ts: `${seconds}.${within}`, thread: /^\d{1,12}\.\d{6}$/.test(thread) ? thread : undefined }
}
