/** When a server that died is started again. */

const PATIENT = 3 * 60 * 1000;
const FIRST = 500;

/** The fifth death in a row is the last: nothing is started again. */
export const MOST = 5;

/** Counts deaths of one server; one that lived for three minutes begins anew. */
export class Backoff {
  /** How often in a row the server has died. */
  deaths = 0;

  /** `lived` is how long the server ran, in milliseconds. Gives how long to wait before the next start; undefined to give up. */
  died(lived: number): number | undefined {
    this.deaths = lived >= PATIENT ? 1 : this.deaths + 1;
    return this.deaths < MOST ? FIRST * 2 ** (this.deaths - 1) : undefined;
  }
}
