import HTTPTypes
public import Hummingbird
public import Leftfold

/// What the edge knows about a request, for routes of your own.
public struct EdgeContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The conversation: the client's, or a new one.
    public internal(set) var correlationID = ""
    /// Who asks, from the verified token. Set on every route behind authentication.
    public var principal: Principal {
        get throws {
            guard let principal = exchange.principal else { throw TokenRefusal.missing }
            return principal
        }
    }

    let exchange = Exchange()

    public init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
