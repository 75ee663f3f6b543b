import ArgumentParser
import LeftfoldCLI

@main
enum Main {
    static func main() async { await ServiceCommand<UserService>.main() }
}
