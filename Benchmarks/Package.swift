// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "leftfold-benchmarks",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "leftfold-bench", targets: ["LeftfoldBench"])
    ],
    dependencies: [
        .package(name: "leftfold", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.20.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.9.0"),
    ],
    targets: [
        .executableTarget(
            name: "LeftfoldBench",
            dependencies: [
                .product(name: "Leftfold", package: "leftfold"),
                .product(name: "LeftfoldPostgres", package: "leftfold"),
                .product(name: "LeftfoldHTTP", package: "leftfold"),
                .product(name: "LeftfoldDriver", package: "leftfold"),
                .product(name: "LeftfoldTesting", package: "leftfold"),
                .product(name: "LeftfoldUsers", package: "leftfold"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            ])
    ],
    swiftLanguageModes: [.v6]
)
