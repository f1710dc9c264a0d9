/**
 * Whether an address that came from Slack is one of Slack's own, or of the API that was configured: nothing of ours is sent anywhere
 * else.
 */
export function isSlacks(url: string, apiUrl: string | undefined): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, origin } = new URL(url)
  if (apiUrl !== undefined && origin === new URL(apiUrl).origin) return true
  return protocol === 'https:' && /(^|\.)slack(-gov)?\.com$/.test(hostname)
}
