/**
 * The port for Argon2id beside everything else. It takes long by intention, and whatever shares its thread stands still meanwhile:
 * links, other groups, the program. So a platform that has threads offers this.
 *
 * In simulations it is not there, and {@link Crypto.argon2id} serves: what happens on other threads does not repeat itself.
 */
import type { Crypto } from './crypto.ts'

/**
 * Gives what {@link Crypto.argon2id} gives, later, and takes copies of its inputs at once. Inputs out of bounds throw at once; the promise
 * rejects where there is not the memory for it.
 */
export type PasswordHashing = (...inputs: Parameters<Crypto['argon2id']>) => Promise<Uint8Array>
