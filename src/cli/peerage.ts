#!/usr/bin/env node
/**
 * The entrance of the `peerage` command. It looks at the version of Node.js before it loads anything
 * that an old one could not even parse.
 */
import { unsupportedNode } from '../nodejs/node-version.ts'

const problem = unsupportedNode(process.versions.node)
if (problem === undefined) {
  // Not awaited: an old Node.js does not know `await` here. It reports its own errors and never rejects.
  void import('./command.ts').then(({ runCommand }) => runCommand(process.argv.slice(2)))
} else {
  process.stderr.write(`${problem}\n`)
  process.exitCode = 1
}
