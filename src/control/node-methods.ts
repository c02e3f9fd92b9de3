/**
 * The methods of the control API about the node itself.
 */
import { call, command, noParameters } from './method.ts'
import { dictionary, number, object, text } from './shape.ts'

export const nodeMethods = {
  info: call(
    'node.info',
    'Which node this is.',
    noParameters,
    object({ dataDir: text, release: text, processId: number, started: number }),
  ),
  metrics: call('node.metrics', 'What was counted so far, by name.', noParameters, dictionary(number)),
  suspend: command('node.suspend', 'Stops all sending.', noParameters),
  resume: command('node.resume', 'Goes on.', noParameters),
  stop: command('node.stop', 'Closes the node, for all programs.', noParameters),
}
