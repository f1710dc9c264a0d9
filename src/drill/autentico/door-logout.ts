import { endBrowserLoginRows } from './admin-sessions.ts'
import type { Route } from './router.ts'
import { browserCookie } from './sign-in.ts'
import { type Call, html, type Reply } from './wire.ts'
import type { World } from './world.ts'

/** Logging out ends the browser's login with all that came from it, and takes its cookie away. */
export function logoutRoutes(world: World): readonly Route[] {
  return [
    ['GET', '/oauth2/logout', (call) => logOut(world, call)],
    ['POST', '/oauth2/logout', (call) => logOut(world, call)],
  ]
}

function logOut(world: World, call: Call): Reply {
  const id = call.cookies.get(browserCookie) ?? ''
  if (id !== '') endBrowserLoginRows(world, id)
  const body = '<!doctype html>\n<html lang="en"><body><p>You are signed out.</p></body></html>\n'
  return html(200, body, { 'Set-Cookie': `${browserCookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax` })
}
