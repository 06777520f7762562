//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_TEST_SUPPORT_ROLES_HPP
#define STRAIT_TEST_SUPPORT_ROLES_HPP

#include <optional>
#include <span>
#include <string>

// A test program plays other processes itself: a child is the same program, started with
// --role=<name> and arguments of that role. Write, at namespace scope of a test file,
//
//     STRAIT_TEST_ROLE(echo) {
//         // args: std::span<char*>, what follows --role=echo
//         return 0;
//     }
//
// and start it with child_process{"echo"}. No test case runs in such a process, and it is killed by
// SIGALRM after patience() (watchdog.hpp) so that no child outlives a failed test for long.

namespace strait::test {

using role_function = int (*)(std::span<char*> args);

// Enters a role into the table. Two roles of one name in a program end it with a message.
class role_registration {
public:
    role_registration(const char* name, role_function function);
};

// What the role asked for in argv returned; nothing if there is no --role. An unknown role gives
// 127, one that throws 126, both with a message.
std::optional<int> run_role(int argc, char** argv);

// The path of this program.
std::string self_path();

}  // namespace strait::test

#define STRAIT_TEST_ROLE(name)                                                      \
    static int strait_test_role_##name(std::span<char*> args);                      \
    static const ::strait::test::role_registration strait_test_registration_##name( \
        #name, &strait_test_role_##name);                                           \
    static int strait_test_role_##name([[maybe_unused]] std::span<char*> args)

#endif
