// The session API as an OpenAPI document: what a host application or another client needs to know.

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const object = (properties: Record<string, object>, required = Object.keys(properties)) => ({ type: 'object', properties, required });
const text = { type: 'string' };
const key = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'BLAKE3-256 of the type byte and the payload' };
const keys = { type: 'array', items: key, maxItems: 50_000 };
const error = object({ error: object({ code: text, message: text, details: { type: 'object' } }) });
const failures = {
  '400': { description: 'The request is malformed.', ...json(error) },
  '401': { description: '`ERR_GRANT`: the grant does not allow this.', ...json(error) },
  '404': { description: '`ERR_NO_SUCH_SESSION`.', ...json(error) },
  '409': { description: '`ERR_STALE_ROOT`: the files moved on; `details.root` is where they are.', ...json(error) },
  '413': { description: '`ERR_BODY_TOO_LARGE`.', ...json(error) },
  '429': { description: '`ERR_QUOTA`: try again after `Retry-After` seconds.', ...json(error) },
  '503': { description: '`ERR_NO_DRIVER`, `ERR_BOX_FAILED` or `ERR_SESSION_LOST`.', ...json(error) },
};
const answer = (description: string, schema: object) => ({ '200': { description, ...json(schema) }, ...failures });
const boot = [{ bootGrant: [] }];
const grant = [{ sessionGrant: [] }];
const session = [{ name: 'id', in: 'path', required: true, schema: text }];
const info = object({
  id: text,
  root: { ...key, nullable: true },
  batch: { type: 'integer' },
  driver: { enum: ['process', 'docker', 'kubernetes'] },
  isolation: { enum: ['namespaces', 'gvisor', 'vm'] },
  limits: object({
    memoryBytes: { type: 'integer' },
    cpus: { type: 'number' },
    processes: { type: 'integer' },
    diskBytes: { type: 'integer' },
  }),
  prepared: { ...text, nullable: true },
  idleMs: { type: 'integer' },
  createdAtMs: { type: 'integer' },
  expiresAtMs: { type: 'integer' },
  processes: { type: 'integer' },
});

export function openApiDocument(origin: string): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Verklet sessions',
      version: '1',
      description: 'Linux sessions behind a workspace: grants, files by content, one stream.',
    },
    servers: [{ url: `${origin}/-/v1` }],
    components: {
      securitySchemes: {
        bootGrant: { type: 'http', scheme: 'bearer', bearerFormat: 'EdDSA JWT, typ verklet-boot+jwt, sub owner, ws workspace' },
        sessionGrant: { type: 'http', scheme: 'bearer', bearerFormat: 'EdDSA JWT, typ verklet-session+jwt, given by POST /sessions' },
      },
    },
    paths: {
      '/status': {
        get: {
          summary: 'Whether sessions run here, and why not',
          responses: answer('The status', object({ sessions: { enum: ['available', 'unavailable'] }, reason: text })),
        },
      },
      '/grants': {
        post: {
          summary: 'A boot grant, where the server gives them to anybody',
          requestBody: json(object({ projectId: text, workspaceKey: text, installationId: text })),
          responses: answer('The grant', object({ token: text })),
        },
      },
      '/sessions': {
        post: {
          summary: 'The workspace’s session: the live one, or a new one with its last files',
          security: boot,
          responses: answer('The session', info),
        },
      },
      '/sessions/{id}': {
        parameters: session,
        get: { summary: 'The session', security: grant, responses: answer('The session', info) },
        delete: {
          summary: 'Stores the last changes and ends the box',
          security: grant,
          responses: answer('It ended', object({ root: { ...key, nullable: true } })),
        },
      },
      '/sessions/{id}/extend': {
        parameters: session,
        post: {
          summary: 'Moves the end away',
          security: grant,
          responses: answer('The new end', object({ expiresAtMs: { type: 'integer' } })),
        },
      },
      '/sessions/{id}/token': {
        parameters: session,
        post: { summary: 'A fresh session grant', security: grant, responses: answer('The grant', object({ token: text })) },
      },
      '/sessions/{id}/root': {
        parameters: session,
        post: {
          summary: 'Makes a complete tree the session’s files, if it grew from the current one',
          security: grant,
          requestBody: json(object({ base: { ...key, nullable: true }, root: key })),
          responses: answer('It is', object({ root: key, failed: { type: 'array', items: object({ path: text, reason: text }) } })),
        },
      },
      '/sessions/{id}/stream': {
        parameters: session,
        get: {
          summary: 'WebSocket: first a text `{type: "authenticate", token, client}`, then frames (runtime/protocol/link)',
          responses: { '101': { description: 'Switching protocols' } },
        },
      },
      '/records/missing': {
        post: {
          summary: 'Which of these this owner does not have yet',
          security: grant,
          requestBody: json(object({ keys })),
          responses: answer('The missing', object({ missing: keys })),
        },
      },
      '/records': {
        put: {
          summary: 'Stores a pack of records; every key is verified, all or nothing',
          security: grant,
          requestBody: { content: { 'application/octet-stream': {} } },
          responses: answer('Stored', object({ stored: { type: 'integer' } })),
        },
      },
      '/records/read': {
        post: {
          summary: 'A pack with these records, or the first of them',
          security: grant,
          requestBody: json(object({ keys })),
          responses: { '200': { description: 'The pack', content: { 'application/octet-stream': {} } }, ...failures },
        },
      },
    },
  };
}
