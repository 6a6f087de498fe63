// Permission to see a server port of a session through the preview host: a ticket that is used once and becomes a cookie.
import { randomBytes } from 'node:crypto';

const TICKET_LIFE_MS = 60_000;
const COOKIE_LIFE_MS = 8 * 3_600_000;

export interface PreviewPermission {
  readonly session: string;
  readonly port: number;
  /** Label of the workspace whose preview host it is for. */
  readonly workspace: string;
}

export class PreviewTickets {
  readonly #tickets = new Map<string, PreviewPermission & { readonly untilMs: number }>();
  readonly #cookies = new Map<string, PreviewPermission & { readonly untilMs: number }>();

  ticket(session: string, port: number, workspace: string): string {
    const ticket = randomBytes(24).toString('base64url');
    this.#forget();
    this.#tickets.set(ticket, { session, port, workspace, untilMs: Date.now() + TICKET_LIFE_MS });
    return ticket;
  }

  /** Turns a ticket into a cookie's value; null when it is used, too old or for another host. */
  redeem(ticket: string, port: number, workspace: string): string | null {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (!found || found.untilMs < Date.now() || found.port !== port || found.workspace !== workspace) return null;
    const cookie = randomBytes(24).toString('base64url');
    this.#cookies.set(cookie, { ...found, untilMs: Date.now() + COOKIE_LIFE_MS });
    return cookie;
  }

  /** What a cookie permits on this host; null for nothing. */
  permission(cookie: string, port: number, workspace: string): PreviewPermission | null {
    const found = this.#cookies.get(cookie);
    return found && found.untilMs > Date.now() && found.port === port && found.workspace === workspace ? found : null;
  }

  #forget(): void {
    for (const map of [this.#tickets, this.#cookies]) for (const [key, { untilMs }] of map) if (untilMs < Date.now()) map.delete(key);
  }
}
