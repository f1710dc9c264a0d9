import { accountRoutes } from './account-api.ts'
import { adminClientRoutes } from './admin-clients.ts'
import { adminFederationRoutes } from './admin-federation.ts'
import { adminSessionRoutes } from './admin-sessions.ts'
import { adminSettingsRoutes } from './admin-settings.ts'
import { adminUserRoutes } from './admin-users.ts'
import { authorizeRoutes } from './door-authorize.ts'
import { deviceRoutes } from './door-device.ts'
import { federationRoutes } from './door-federation.ts'
import { linkRoutes } from './door-links.ts'
import { loginRoutes } from './door-login.ts'
import { logoutRoutes } from './door-logout.ts'
import { mfaRoutes } from './door-mfa.ts'
import { passkeyRoutes } from './door-passkey.ts'
import { deviceAuthorization } from './grant-device.ts'
import { groupRoutes } from './groups.ts'
import { publicRoutes } from './public.ts'
import type { Route } from './router.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { introspectEndpoint, revokeEndpoint, userInfoEndpoint } from './token-services.ts'
import type { World } from './world.ts'

const oauth = '/oauth2'

/** Everything the server answers to; what is missing here falls through to the interface pages. */
export function routes(world: World): readonly Route[] {
  return [
    ...publicRoutes(world, oauth),
    ['POST', `${oauth}/token`, tokenEndpoint(world)],
    ['POST', `${oauth}/protocol/openid-connect/token`, tokenEndpoint(world)],
    ['POST', `${oauth}/device_authorization`, deviceAuthorization(world)],
    ['POST', `${oauth}/revoke`, revokeEndpoint(world)],
    ['POST', `${oauth}/introspect`, introspectEndpoint(world)],
    ['', `${oauth}/userinfo`, userInfoEndpoint(world)],
    ['', `${oauth}/protocol/openid-connect/userinfo`, userInfoEndpoint(world)],
    ...authorizeRoutes(world),
    ...loginRoutes(world),
    ...mfaRoutes(world),
    ...passkeyRoutes(world),
    ...linkRoutes(world),
    ...federationRoutes(world),
    ...accountRoutes(world),
    ...deviceRoutes(world),
    ...logoutRoutes(world),
    ...adminUserRoutes(world),
    ...groupRoutes(world),
    ...adminSessionRoutes(world),
    ...adminClientRoutes(world, oauth),
    ...adminFederationRoutes(world),
    ...adminSettingsRoutes(world),
  ]
}
