//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#include "support/peer.hpp"

#include "link/link_receiver.hpp"
#include "link/link_sender.hpp"

#include <spawn.h>
#include <sys/wait.h>

extern char** environ;

namespace bench {

namespace {

constexpr int inherited_number = 3;

strait::detail::channel_identity identity_with(const strait::detail::type_identity& type) {
    strait::detail::channel_identity identity;
    identity.fingerprint = type.fingerprint;
    identity.type_name = type.name;
    return identity;
}

}  // namespace

peer_process::~peer_process() {
    if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

namespace detail {

std::pair<pid_t, erased_sender> start_self(const strait::detail::type_identity& type) {
    strait::error_code ec;
    auto [ours, theirs] = strait::detail::os::connected_pair(ec);
    if (ec) throw strait::system_error(ec, "connected_pair");
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, theirs.native_handle(), inherited_number);
    char name[] = "/proc/self/exe";
    char role[] = "--peer";
    char* arguments[] = {name, role, nullptr};
    pid_t pid = -1;
    const int result = ::posix_spawn(&pid, name, &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (result != 0)
        throw strait::system_error({result, boost::system::system_category()}, "posix_spawn");
    return {pid,
        strait::detail::link_sender::make(std::move(ours), identity_with(type), {}, {})};
}

erased_receiver inherited(const strait::detail::type_identity& type) {
    auto receiver = std::make_shared<strait::detail::link_receiver>(
        identity_with(type), boost::asio::any_io_executor());
    if (const auto ec = receiver->add_first(strait::handle(inherited_number)))
        throw strait::system_error(ec, "add_first");
    return receiver;
}

}  // namespace detail
}  // namespace bench
