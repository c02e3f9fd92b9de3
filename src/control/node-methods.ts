/**
 * The methods of the control API about the node itself.
 */
import type { Finding } from '../peer-node/finding.ts'
import { call, command, noParameters, stream } from './method.ts'
import { dictionary, number, object, oneOf, optional, type Shape, text } from './shape.ts'

const finding: Shape<Finding> = object({
  ...{ check: text, outcome: oneOf('ok', 'warning', 'failed'), found: text, advice: optional(text) },
})

export const nodeMethods = {
  info: call(
    'node.info',
    'Which node this is.',
    noParameters,
    object({ dataDir: text, release: text, processId: number, started: number }),
  ),
  diagnose: stream(
    'node.diagnose',
    'Finds out why nothing connects: a finding at a time. The target is a group, a member, a name or an invitation.',
    object({ target: optional(text) }),
    finding,
  ),
  metrics: call('node.metrics', 'What was counted so far, by name.', noParameters, dictionary(number)),
  suspend: command('node.suspend', 'Stops all sending.', noParameters),
  resume: command('node.resume', 'Goes on.', noParameters),
  stop: command('node.stop', 'Closes the node, for all programs.', noParameters),
}
