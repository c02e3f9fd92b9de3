/**
 * A security provider that an application brings. All it does is synchronous, and the graph refuses a promise as an answer; but
 * one that is broken later, and that nobody waits for, would end the whole process. It is heard here.
 */
import type { GraphSecurityProvider, SecurityProviderFactory } from '../graph/security-provider.ts'

/** Opens a provider whose broken promises harm nobody. */
export function applicationProvider(open: SecurityProviderFactory): SecurityProviderFactory {
  return (graph) => {
    const provider = open(graph)
    return {
      admit: (link, send) => {
        const admission = heard(provider.admit(link, send))
        return {
          verdict: heard(admission.verdict),
          get reason() {
            return heard(admission.reason)
          },
          received: (message) => heard(admission.received(message)),
        }
      },
      precedes: (draft) => heard(provider.precedes?.(draft)),
      secure: (draft, previous) => heard(provider.secure(draft, previous)),
      validate: (record) => heard(provider.validate(record)),
      isAdministrator: (author, version) => heard(provider.isAdministrator(author, version)),
      isAdmitted: (publicKey) => heard(provider.isAdmitted(publicKey)),
      rightEnds: (publicKey, record) => heard(provider.rightEnds(publicKey, record)),
      get firstTypes() {
        return heard(provider.firstTypes)
      },
      proof: (request) => heard(provider.proof(request)),
      proofArrived: (request, proof) => heard(provider.proofArrived(request, proof)),
      properties: () => heard(provider.properties?.()),
      stored: (record) => heard(provider.stored?.(record)),
      removed: (record) => heard(provider.removed?.(record)),
      close: () => heard(provider.close()),
    } satisfies GraphSecurityProvider
  }
}

function heard<Answer>(answer: Answer): Answer {
  if (answer instanceof Promise) answer.catch(() => {})
  return answer
}
