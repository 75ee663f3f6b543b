// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "bank",
    platforms: [.macOS(.v15)],
    dependencies: [
        // Yours says: .package(url: "https://github.com/…/leftfold", from: "0.1.0")
        .package(name: "leftfold", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "bank",
            dependencies: [
                .product(name: "Leftfold", package: "leftfold"),
                .product(name: "LeftfoldCLI", package: "leftfold"),
                .product(name: "LeftfoldDriver", package: "leftfold"),
                .product(name: "LeftfoldPostgres", package: "leftfold"),
                .product(name: "LeftfoldService", package: "leftfold"),
            ]),
        .testTarget(
            name: "BankTests",
            dependencies: [
                "bank", .product(name: "Leftfold", package: "leftfold"), .product(name: "LeftfoldTesting", package: "leftfold"),
            ]),
    ]
)
