//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_IMPL_PROCESS_PLAN_HPP
#define STRAIT_IMPL_PROCESS_PLAN_HPP

#include <strait/detail/link/cores.hpp>
#include <strait/handle.hpp>
#include <strait/receiver.hpp>
#include <strait/sender.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

// What process_options consist of, and what is known of the types of ends.

namespace strait::detail {

template <class>
inline constexpr bool is_sender = false;
template <class T, class Executor>
inline constexpr bool is_sender<basic_sender<T, Executor>> = true;

template <class>
inline constexpr bool is_receiver = false;
template <class T, class Executor>
inline constexpr bool is_receiver<basic_receiver<T, Executor>> = true;

template <class End>
concept is_givable = std::is_same_v<End, handle> || is_sender<End> || is_receiver<End>;

// On the wire.
enum class given_kind : std::uint8_t { handle = 1, sender = 2, receiver = 3 };

struct given_end {
    std::string name;
    given_kind kind = given_kind::handle;
    handle os_handle;
    std::shared_ptr<sender_core> sender;
    std::shared_ptr<receiver_core> receiver;
    std::shared_ptr<void> owner;  // the typed end, which closes the core when it goes
};

struct standard_stream {
    enum class target : std::uint8_t { inherited, null_device, given };
    target to = target::inherited;
    handle given;
};

struct process_plan {
    std::string program;
    bool search_path = false;
    std::vector<std::string> arguments;
    std::optional<std::vector<std::string>> environment;
    std::vector<std::string> added_environment;
    std::string working_directory;
    std::array<standard_stream, 3> standard_streams;
    bool ends_with_parent = true;
    std::vector<given_end> given;
};

}  // namespace strait::detail

#endif
