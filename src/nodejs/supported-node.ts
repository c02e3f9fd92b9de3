/**
 * Refuses a Node.js that is too old, in one sentence, before anything else is loaded: native modules
 * crash an old Node.js instead of saying what they need. Every entrance of the library imports this
 * module first.
 *
 * It runs where nothing else of the library may, so it uses nothing that an old Node.js lacks.
 */
import { unsupportedNode } from './node-version.ts'

const problem = unsupportedNode(process.versions.node)
if (problem !== undefined) throw new Error(problem)
