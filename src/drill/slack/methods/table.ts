import * as basics from './basics.ts'
import type { Method } from './call.ts'
import * as chat from './chat.ts'
import * as conversations from './conversations.ts'
import * as files from './files.ts'
import * as people from './people.ts'
import * as views from './views.ts'

/** Every Web API method the local Slack answers, by Slack's name for it. */
export const methods: ReadonlyMap<string, Method> = new Map([
  ['api.test', basics.apiTest],
  ['apps.connections.open', basics.connectionsOpen],
  ['auth.test', basics.authTest],
  ['blocks.validate', basics.blocksValidate],
  ['chat.delete', chat.remove],
  ['chat.getPermalink', chat.getPermalink],
  ['chat.postEphemeral', chat.postEphemeral],
  ['chat.postMessage', chat.postMessage],
  ['chat.update', chat.update],
  ['conversations.history', conversations.history],
  ['conversations.info', conversations.info],
  ['conversations.list', conversations.listChannels],
  ['conversations.members', conversations.members],
  ['conversations.open', conversations.open],
  ['conversations.replies', conversations.replies],
  ['files.completeUploadExternal', files.completeUpload],
  ['files.getUploadURLExternal', files.getUploadUrl],
  ['pins.add', basics.pinsAdd],
  ['reactions.add', basics.reactionsAdd],
  ['team.info', basics.teamInfo],
  ['usergroups.list', people.usergroupsList],
  ['usergroups.users.list', people.usergroupUsers],
  ['users.info', people.usersInfo],
  ['users.list', people.usersList],
  ['users.lookupByEmail', people.lookupByEmail],
  ['views.open', views.openView],
  ['views.publish', views.publishView],
  ['views.push', views.pushView],
  ['views.update', views.updateView],
])

/** Methods that want the app-level token (`xapp-`); every other one wants the bot's. */
export const appTokenMethods: ReadonlySet<string> = new Set(['apps.connections.open'])
