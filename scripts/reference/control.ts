/** docs/control-api.md: the protocol of the control socket, and every method of the tables that server and client are made of. */
import { cloudMethods } from '../../src/control/cloud-methods.ts'
import { LARGEST_CONTROL_FRAME, MOST_ATTACHMENTS } from '../../src/control/control-frame.ts'
import { CONTROL_PROTOCOL, CONTROL_VERSION } from '../../src/control/control-message.ts'
import { DEEPEST_VALUE } from '../../src/control/control-value.ts'
import {
  connectionMethods,
  graphEvents,
  graphMethods,
  graphsMethods,
  stepShape,
} from '../../src/control/graph-methods.ts'
import { groupEvents, groupMethods, groupsMethods } from '../../src/control/group-methods.ts'
import { identityMethods } from '../../src/control/identity-methods.ts'
import type { CallMethod, StreamMethod } from '../../src/control/method.ts'
import { nameMethods } from '../../src/control/name-methods.ts'
import { nodeMethods } from '../../src/control/node-methods.ts'
import { recordMethods } from '../../src/control/record-methods.ts'
import type { Shape } from '../../src/control/shape.ts'

/** What the document shows of a method, whatever it takes and gives. */
type AnyMethod =
  | Pick<CallMethod<never, never>, 'kind' | 'name' | 'says' | 'progress'>
  | Pick<StreamMethod<never, never>, 'kind' | 'name' | 'says'>
type ShownMethod = AnyMethod & { readonly takes: { readonly text: string }; readonly gives: { readonly text: string } }

const SECTIONS: readonly (readonly [title: string, methods: Readonly<Record<string, ShownMethod>>])[] = [
  ['The node', nodeMethods],
  ['Identities', identityMethods],
  ['Names', nameMethods],
  ['Clouds', cloudMethods],
  ['Groups', groupsMethods],
  ['An open group', groupMethods],
  ['Graphs', graphsMethods],
  ['An open graph, or group', graphMethods],
  ['Records', recordMethods],
  ['Direct connections', connectionMethods],
]

const INTRODUCTION = `# The control API

Made by \`npm run reference:write\` from the method tables in \`src/control\`.

One node runs on a data directory (\`peerage up\`, or any program with \`openNode\`), and any number of programs of the same user work
with it. From TypeScript nobody needs this page: \`connectNode\` of \`peerage/client\` has the shape of \`openNode\`'s result, and
the methods below behind it. It is here for programs in other languages and for whoever looks at the socket.

## Where it is

\`control.sock\` in the data directory, for the owner alone (mode 0600); where that path would be too long for a socket, in a folder
of its own, \`peerage-<uid>-<digest of the path>\`, in \`$XDG_RUNTIME_DIR\` or the folder for temporary files; on Windows a named pipe,
\`\\\\.\\pipe\\peerage-<digest>\`. \`peerage up --json\` prints it as \`controlPath\`. Whoever can open it can do all that the node can: there is no
further check, and it is never reachable over the network.

## Frames

\`\`\`
length of all that follows (4 bytes) ‖ length of the text (4) ‖ text, UTF-8 JSON ‖ { length (4) ‖ bytes }…
\`\`\`

Lengths are unsigned, the most significant byte first. A frame has at most ${LARGEST_CONTROL_FRAME.toLocaleString('en')} bytes and ${MOST_ATTACHMENTS} byte strings, a value at
most ${DEEPEST_VALUE} levels. In the text \`{"$bytes":0}\` stands for the first byte string and \`{"$date":1700000000000}\` for an instant in
milliseconds since 1970; a name of an object that itself begins with \`$\` gets one more \`$\` in front.

## Messages

Both sides first send \`{"protocol":"${CONTROL_PROTOCOL}","version":${CONTROL_VERSION},"release":"…"}\`. Another version is refused (\`control-version-mismatch\`). Then the
program makes requests, each under a number of its own choosing, and the node answers under that number:

| from the program | |
| --- | --- |
| \`{"kind":"call","id":1,"method":"…","params":{…}}\` | is answered once: \`result\` or \`error\`, after any number of \`progress\` if the method tells its steps |
| \`{"kind":"stream","id":2,"method":"…","params":{…},"credit":16}\` | gives \`item\` after \`item\`, never more than the credit, then \`end\` or \`error\` |
| \`{"kind":"credit","id":2,"credit":16}\` | so many items more may come |
| \`{"kind":"cancel","id":2}\` | either is taken back |

| from the node | |
| --- | --- |
| \`{"kind":"result","id":1,"result":…}\` | |
| \`{"kind":"progress","id":1,"step":…}\` | \`${stepShape.text}\` |
| \`{"kind":"item","id":2,"item":…}\`, \`{"kind":"end","id":2}\` | |
| \`{"kind":"error","id":1,"error":{"code":"…","message":"…","advice":"…","details":{…}}}\` | a code of [errors.md](errors.md), or \`unexpected\` |

What a program opens (a cloud, a graph, a group, a registration, a connection) it knows by a number that the node gives it, a \`count\` in the
tables, and only there. When the socket closes, however that comes about, all that the program had under way or open ends; other programs notice
nothing. A node that runs for its programs alone (\`peerage up\`) keeps graphs and groups open beyond that.

In the shapes \`count\` is a whole number from 0 up, \`?\` marks what can be left out, and \`[…]\` a list. Fields that are not in a shape are passed over, so
that later releases can add some. Texts that name something (\`peer name\`, \`record id\`, \`duration\`, \`query\`, …) have the form that they have
in the API. Payloads are bytes: schemas are applied in the program.
`

/** The document. */
export function controlReference(): string {
  const sections = SECTIONS.map(
    ([title, methods]) => `## ${title}\n\n${Object.values(methods).map(methodText).join('\n')}`,
  )
  return [INTRODUCTION, ...sections, eventsText()].join('\n')
}

function methodText(method: ShownMethod): string {
  const { name, says, takes, gives } = method
  const isStream = method.kind === 'stream'
  const progress = !isStream && method.progress ? ' It tells its steps.' : ''
  const lines = [`### \`${name}\``, '', `${says}${progress}`, '']
  if (takes.text !== '{  }') lines.push(`- takes \`${takes.text}\``)
  lines.push(`- gives ${isStream ? 'items: ' : ''}\`${gives.text}\``, '')
  return lines.join('\n')
}

function eventsText(): string {
  const own = Object.entries(groupEvents).filter(([name, shape]) => !isSame(graphEvents, name, shape))
  return [
    '## Events',
    '',
    'What `graph.events` gives, by the `event` that was asked for:',
    '',
    ...Object.entries(graphEvents).map(eventLine),
    '',
    'Of a group there are these besides, or instead:',
    '',
    ...own.map(eventLine),
    '',
  ].join('\n')
}

function isSame(events: Readonly<Record<string, Shape<unknown>>>, name: string, shape: Shape<unknown>): boolean {
  return Object.hasOwn(events, name) && events[name] === shape
}

function eventLine([name, { text }]: readonly [string, Shape<unknown>]): string {
  return `- \`${name}\`: \`${text}\``
}
