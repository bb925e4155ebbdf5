/** What every implementation says when this machine can't do it. */
import { ProblemError } from 'minicloud-shared/model/problem';

export function unavailable(why: string): ProblemError {
  return new ProblemError({
    code: 'not_available',
    what: 'The firewall of this machine could not be changed',
    object: 'firewall',
    why: why.trim().slice(0, 500) || 'iptables failed without a word.',
    still:
      'The networks of apps are separated by the engine all the same; the host and shared services are not shielded.',
    remedy: 'Run Minicloud as root with iptables installed, then start it again.',
  });
}
