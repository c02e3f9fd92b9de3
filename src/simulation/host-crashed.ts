/**
 * What is thrown to leave the code of a host that crashed in the middle of a call. A real process would
 * simply be gone; here its code has to be left, and a world that runs it takes the error as that.
 */
export class HostCrashed extends Error {
  readonly host: string

  constructor(host: string) {
    super(`the host ${host} has crashed`)
    this.name = 'HostCrashed'
    this.host = host
  }
}
