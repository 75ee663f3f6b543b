// swift-tools-version: 6.1
import PackageDescription

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncAlgorithms: Target.Dependency = .product(name: "AsyncAlgorithms", package: "swift-async-algorithms")
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let jwtKit: Target.Dependency = .product(name: "JWTKit", package: "jwt-kit")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let inMemoryTracing: Target.Dependency = .product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let metricsTestKit: Target.Dependency = .product(name: "MetricsTestKit", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "leftfold",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Leftfold", targets: ["Leftfold"]),
        .library(name: "LeftfoldDriver", targets: ["LeftfoldDriver"]),
        .library(name: "LeftfoldPostgres", targets: ["LeftfoldPostgres"]),
        .library(name: "LeftfoldHTTP", targets: ["LeftfoldHTTP"]),
        .library(name: "LeftfoldImport", targets: ["LeftfoldImport"]),
        .library(name: "LeftfoldService", targets: ["LeftfoldService"]),
        .library(name: "LeftfoldCLI", targets: ["LeftfoldCLI"]),
        .library(name: "LeftfoldTesting", targets: ["LeftfoldTesting"]),
        .library(name: "LeftfoldPostgresTesting", targets: ["LeftfoldPostgresTesting"]),
        .library(name: "EmbeddedPostgres", targets: ["EmbeddedPostgres"]),
        .library(name: "LeftfoldUsers", targets: ["LeftfoldUsers", "LeftfoldUsersReadModel"]),
        .executable(name: "users", targets: ["LeftfoldUserService"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.7.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.9.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.2.0"),
    ],
    targets: [
        // 0: the C boundary, the SQL as bytes, numbers that a seed repeats, and threads of one's own
        .systemLibrary(
            name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "LeftfoldSchema", path: "sql/leftfold",
            sources: ["LeftfoldSchema.swift"],
            resources: [.embedInCode("migrations")]),

        .target(name: "LeftfoldRandom"),
        .target(name: "LeftfoldThreads", dependencies: [nioCore, nioPosix]),

        // 1: the concepts, and the driver; neither knows the other
        .target(name: "Leftfold", dependencies: [metrics, tracing]),
        .target(name: "LeftfoldDriver", dependencies: ["CLibPQ", logging]),
        .target(name: "EmbeddedPostgres"),

        // 2: the store, and what tests are written with
        .target(
            name: "LeftfoldPostgres",
            dependencies: ["Leftfold", "LeftfoldDriver", "LeftfoldSchema", logging, metrics, serviceLifecycle, tracing]),
        .target(name: "LeftfoldTesting", dependencies: ["Leftfold", "LeftfoldRandom"]),

        // 3: the ways in: HTTP and files; and what tests on PostgreSQL are written with
        .target(name: "LeftfoldImport", dependencies: ["Leftfold", crypto]),
        .target(
            name: "LeftfoldPostgresTesting",
            dependencies: ["Leftfold", "LeftfoldTesting", "LeftfoldPostgres", "LeftfoldDriver", "EmbeddedPostgres", logging]),
        .target(
            name: "LeftfoldHTTP",
            dependencies: [
                "Leftfold", "LeftfoldThreads", asyncAlgorithms, crypto, hummingbird, hummingbirdCore, hummingbirdTLS, httpTypes, nioCore,
                nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, jwtKit, logging, metrics, serviceLifecycle,
            ]),

        // 4: what a service is
        .target(
            name: "LeftfoldService",
            dependencies: [
                "Leftfold", "LeftfoldPostgres", "LeftfoldHTTP", "LeftfoldDriver", configuration, crypto, hummingbird, logging,
                serviceLifecycle, unixSignals,
            ]),

        // 5: its command line
        .target(
            name: "LeftfoldCLI",
            dependencies: [
                "LeftfoldService", "Leftfold", "LeftfoldPostgres", "LeftfoldHTTP", "LeftfoldImport", "LeftfoldDriver", "EmbeddedPostgres",
                argumentParser, logging, metrics, nioCore, nioPosix, unixSignals,
            ]),

        // 6: the sample: its domain, what it shows to readers, files to try it with, and the service, which puts them together
        .target(name: "LeftfoldUsers", dependencies: ["Leftfold"]),
        .target(
            name: "LeftfoldUsersReadModel",
            dependencies: ["LeftfoldUsers", "Leftfold", "LeftfoldPostgres", "LeftfoldDriver"],
            resources: [.embedInCode("Projections/user_directory.sql"), .embedInCode("Projections/user_history.sql")]),

        .target(name: "LeftfoldUsersGenerator", dependencies: ["LeftfoldRandom", argumentParser]),
        .executableTarget(
            name: "LeftfoldUserService",
            dependencies: [
                "Leftfold", "LeftfoldPostgres", "LeftfoldHTTP", "LeftfoldService", "LeftfoldCLI", "LeftfoldUsers", "LeftfoldUsersReadModel",
                "LeftfoldUsersGenerator", argumentParser, httpTypes,
            ]),

        .testTarget(name: "LeftfoldDriverTests", dependencies: ["LeftfoldDriver", "LeftfoldTesting", "EmbeddedPostgres", logging]),
        .testTarget(name: "LeftfoldTests", dependencies: ["Leftfold", "LeftfoldTesting", "LeftfoldRandom", tracing]),
        .testTarget(name: "LeftfoldUsersTests", dependencies: ["LeftfoldUsers", "Leftfold", "LeftfoldTesting"]),
        .testTarget(
            name: "LeftfoldServiceTests",
            dependencies: [
                "LeftfoldService", "LeftfoldHTTP", "LeftfoldPostgres", "LeftfoldPostgresTesting", "LeftfoldTesting", "Leftfold",
                "LeftfoldUsers",
                "LeftfoldUsersReadModel", configuration, hummingbird, logging, serviceLifecycle,
            ]),
        .testTarget(
            name: "LeftfoldImportTests", dependencies: ["LeftfoldImport", "LeftfoldTesting", "Leftfold", "LeftfoldUsers"]),
        .testTarget(
            name: "LeftfoldCLITests",
            dependencies: [
                "LeftfoldCLI", "LeftfoldService", "LeftfoldHTTP", "LeftfoldImport", "LeftfoldPostgres", "LeftfoldTesting", "Leftfold",
                "LeftfoldDriver",
            ]),
        .testTarget(
            name: "LeftfoldHTTPTests",
            dependencies: [
                "LeftfoldHTTP", "LeftfoldTesting", "Leftfold", crypto, hummingbird, hummingbirdCore, hummingbirdTesting, httpTypes, jwtKit,
                logging, metrics,
                nioCore, nioEmbedded, nioHTTP1, nioPosix,
            ]),
        .testTarget(
            name: "LeftfoldPostgresTests",
            dependencies: [
                "LeftfoldPostgres", "LeftfoldTesting", "Leftfold", "LeftfoldDriver", "LeftfoldSchema", "LeftfoldPostgresTesting",
                "LeftfoldRandom", "LeftfoldUsers", "LeftfoldUsersReadModel", inMemoryTracing, logging, metricsTestKit, tracing,
            ]),
        .testTarget(
            name: "DocumentationTests",
            dependencies: [
                "LeftfoldPostgres", "LeftfoldTesting", "LeftfoldPostgresTesting", "Leftfold", "LeftfoldDriver", logging, serviceLifecycle,
                unixSignals,
            ]),
        .testTarget(
            name: "LeftfoldPostgresTestingTests",
            dependencies: ["LeftfoldPostgresTesting", "LeftfoldPostgres", "LeftfoldTesting", "Leftfold", "LeftfoldDriver"]),
        .testTarget(
            name: "LeftfoldUserServiceTests",
            dependencies: [
                "LeftfoldUserService", "LeftfoldUsersGenerator", "LeftfoldPostgres", "Leftfold", "LeftfoldDriver", "LeftfoldTesting",
                "LeftfoldPostgresTesting", "LeftfoldUsers", crypto,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system {
    var settings: [SwiftSetting] = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    // Beside NIO the optimizing compiler takes C's structures for those of a module of NIO's that nobody can import.
    if target.name != "LeftfoldHTTP" { settings.append(.enableUpcomingFeature("MemberImportVisibility")) }
    target.swiftSettings = settings
}
