import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A client of the HTTP API that knows nothing of Leftfold.
struct Client: Sendable {
    let url: String
    let token: String

    struct Answer: Sendable {
        let status: Int
        let body: [String: String]
        let position: String?
    }

    func send(_ method: String, _ path: String, json: String? = nil, key: UUID? = nil) async throws -> Answer {
        guard let address = URL(string: url + path) else { throw URLError(.badURL) }
        var request = URLRequest(url: address, timeoutInterval: 20)
        request.httpMethod = method
        request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue(key.uuidString, forHTTPHeaderField: "Idempotency-Key") }
        request.httpBody = json.map { Data($0.utf8) }
        let (data, response) = try await URLSession.shared.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
        let object = (try? JSONSerialization.jsonObject(with: data) as? [String: Any]) ?? [:]
        return Answer(
            status: response.statusCode, body: object.mapValues { "\($0)" },
            position: response.value(forHTTPHeaderField: "Leftfold-Position"))
    }

    /// Sends it again, with the same key, until it is answered for good.
    func insist(_ method: String, _ path: String, json: String, key: UUID) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(90)
        while true {
            do {
                let answer = try await send(method, path, json: json, key: key)
                if answer.status != 503 || ContinuousClock.now > deadline { return answer }
            } catch {
                // The server is gone, or went while it answered.
                if ContinuousClock.now > deadline { throw error }
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
