import { disguise, malloryAt } from './disguise.ts'
import { enter, useGrant, useToken } from './let-in.ts'
import type { LocalAutentico } from './local-autentico.ts'
import { browserCookie } from './sign-in.ts'
import type { WayIn } from './thief.ts'

type Server = Pick<LocalAutentico, 'url' | 'publicUrl' | 'accounts'>

/** What opens somebody's account without a login: what a browser and a script keep. */
export type Kept = { readonly accessToken: string; readonly refreshToken: string; readonly cookie: string }

/** Somebody without a second factor signs in, and mallory has what their browser keeps. */
export async function signedIn(server: Server, username: string): Promise<readonly WayIn[]> {
  const password = server.accounts[username]?.password ?? ''
  const browser = malloryAt(server, 'account')
  const step = await browser.login(username, password)
  const tokens = step.kind === 'code' ? await browser.exchange(step.code) : JSON.stringify(step)
  if (typeof tokens === 'string') throw new Error(`${username} must be robbed while the login works: ${tokens}`)
  return waysOf(server, {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    cookie: browser.cookies.get(browserCookie) ?? '',
  })
}

/** The three doors of a login that is there already. The refresh token comes last: it ends the access token. */
export function waysOf(server: Server, { accessToken, refreshToken, cookie }: Kept): readonly WayIn[] {
  return [
    { door: 'access token', enter: async () => useToken(server, { access_token: accessToken }) },
    {
      door: 'single sign-on cookie',
      async enter() {
        const browser = malloryAt(server, 'account')
        browser.cookies.set(browserCookie, cookie)
        return enter(server, browser, await browser.silently())
      },
    },
    {
      door: 'refresh token',
      once: true,
      async enter() {
        // Without the name of a client, as a thief would: then it is not compared with any.
        const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken })
        return useGrant(
          server,
          await fetch(`${server.url}/oauth2/token`, { method: 'POST', headers: disguise(), body }),
        )
      },
    },
  ]
}
