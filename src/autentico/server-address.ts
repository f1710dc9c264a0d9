/** @throws Error naming AUTENTICO_URL if it is none that can be used. */
export function baseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error('AUTENTICO_URL is not an http or https URL; use the one Autentico has as AUTENTICO_APP_URL.')
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new Error('AUTENTICO_URL holds credentials, a query or a fragment; give scheme, host, port and path alone.')
  }
  return url
}

/** @throws Error naming the OAuth path if it is no plain one. */
export function oauthPath(text: string): string {
  const path = text.replace(/\/+$/, '')
  if (!/^(?:\/[\w.~-]+)+$/.test(path) || /\/\.{1,2}(?:\/|$)/.test(path)) {
    throw new Error(`The OAuth path ${JSON.stringify(text)} is not a plain path such as /oauth2.`)
  }
  return path
}
