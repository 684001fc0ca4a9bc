/** The exported fields, methods and functions of types of the Go implementation, and of the packages that create them. */
export const GO_IDENTIFIERS: Readonly<Record<string, string>> = {
  'kite.Kite':
    'New NewWithConfig Config Log SetLogLevel Authenticators ClientFunc WebRTCHandler MethodHandling TLSConfig Id Kite KiteKey ' +
    'KontrolKey HandleHTTP HandleHTTPFunc ServeHTTP OnConnect OnFirstRequest OnDisconnect OnRegister RSAKey NewClient Closer Close ' +
    'ErrClose Run Addr Port UseTLS UseTLSFile ServerCloseNotify ServerReadyNotify SetupSignalHandler SetupKontrolClient GetKites ' +
    'GetToken GetTokenForce GetKey NewKeyRenewer KontrolReadyNotify Register RegisterForever RegisterHTTP RegisterHTTPForever ' +
    'RegisterToTunnel RegisterToProxy RegisterURL TellKontrolWithTimeout SendWebRTCRequest NewWebRCTHandler Handle HandleFunc ' +
    'PreHandle PreHandleFunc PostHandle PostHandleFunc FinalFunc AuthenticateFromToken AuthenticateFromKiteKey ' +
    'AuthenticateSimpleKiteKey',
  'config.Config':
    'Username Environment Region Id KiteKey DisableAuthentication DisableConcurrency Transport IP Port VerifyFunc VerifyTTL ' +
    'VerifyAudienceFunc XHR Timeout Client Websocket SockJS Serve KontrolURL KontrolKey KontrolUser UseWebRTC CookieJar ' +
    'DefaultConfig New NewFromKiteKey Get MustGet ReadEnvironmentVariables ReadKiteKey ReadToken Copy',
  'sockjs.Options': 'HeartbeatDelay DisconnectDelay ResponseLimit JSessionID SockJSURL Websocket',
  'kite.Request': 'ID Method Username Args LocalKite Client Auth Context',
  'kite.Method': 'DisableAuthentication Throttle ServeKite',
  'kontrol.Kontrol':
    'New NewWithoutHandlers Kite MachineAuthenticate MachineKeyPicker TokenTTL TokenLeeway TokenNoNBF RegisterURL Verify ' +
    'AddAuthenticator DeleteKeyPair AddKeyPair Run SetStorage SetKeyPairStorage Close InitializeSelf KeyPair HandleRegister ' +
    'HandleGetKites HandleGetToken HandleMachine HandleGetKey HandleVerify HandleHeartbeat HandleRegisterHTTP NewEtcd NewPostgres ' +
    'NewCachedStorage NewMemKeyPairStorage NewMemKeyPairStorageTTL DefaultPort HeartbeatInterval HeartbeatDelay UpdateInterval ' +
    'KeyTTL',
};
