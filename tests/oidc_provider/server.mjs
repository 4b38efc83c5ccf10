// The certified OpenID Provider (npm oidc-provider) with one client and invented people.
// Started by tests/identity/certified.py with one JSON argument; prints its port when it listens.
// POST /test/rollover gives it another signing key; nobody but a test can reach it.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import http from 'node:http';
import Provider from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
let keys = 0;

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  keys += 1;
  return { ...privateKey.export({ format: 'jwk' }), kid: `certified-${keys}`, use: 'sig' };
}

function client() {
  return {
    client_id: settings.clientId,
    redirect_uris: [settings.redirectUri],
    post_logout_redirect_uris: [settings.afterLogout],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: 'PS256',
    id_token_signed_response_alg: 'PS256',
    ...(settings.signedUserinfo ? { userinfo_signed_response_alg: 'PS256' } : {}),
    ...(settings.backchannel
      ? { backchannel_logout_uri: settings.backchannel, backchannel_logout_session_required: true }
      : {}),
    jwks: { keys: [settings.clientKey] },
  };
}

function makeProvider(issuer) {
  return new Provider(issuer, {
    clients: [client()],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    pkce: { required: () => true },
    acrValues: ['low', 'substantial', 'high'],
    claims: {
      openid: ['sub'],
      acr: null,
      auth_time: null,
      email: ['email', 'email_verified'],
      school: ['nlEduPersonHomeOrganizationId'],
    },
    scopes: ['openid', 'email', 'school'],
    ttl: { Session: 3600, Grant: 3600, Interaction: 600, AccessToken: 600, IdToken: 600 },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: 'Begeleider@Traverse.example',
        email_verified: true,
        nlEduPersonHomeOrganizationId: '12ab',
      }),
    }),
    // The default fetch refuses loopback.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  });
}

let provider;
let answer;

/** Log the person of the hint in and let the client have what it asks, without a page. */
async function interact(request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: params.login_hint ?? settings.subject, acr: settings.level };
    await provider.interactionFinished(request, response, { login });
    return;
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  grant.addOIDCClaims(['acr', 'email', 'email_verified', 'nlEduPersonHomeOrganizationId']);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const server = http.createServer((request, response) => {
  if (request.url === '/test/rollover') {
    renew();
    response.writeHead(204).end();
    return;
  }
  if (!request.url.startsWith('/interaction/')) {
    answer(request, response);
    return;
  }
  interact(request, response).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});

let issuer;

function renew() {
  provider = makeProvider(issuer);
  answer = provider.callback();
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  issuer = settings.issuer ?? `http://127.0.0.1:${port}`;
  renew();
  console.log(`port ${port}`);
});
