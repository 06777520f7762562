//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_ANY_END_HPP
#define STRAIT_ANY_END_HPP

#include <strait/message.hpp>
#include <strait/receiver.hpp>
#include <strait/sender.hpp>

namespace strait {

/// A receiver of any type of message. It receives `message`s, undecoded, with all operations that a typed
/// receiver has. It is made from a receiver of any type, and `into<T>()` gives that back, checked:
///
///     strait::any_receiver any = std::move(jobs);
///     strait::message m = any.recv();
///     job j = m.as<job>();
///     strait::receiver<job> jobs = any.into<job>();
///
/// It travels in messages as typed ends do, and can be taken from what a child process inherits.
template <class Executor = boost::asio::any_io_executor>
using basic_any_receiver = basic_receiver<message, Executor>;
using any_receiver = basic_any_receiver<>;

/// A sender of any type of message: something to keep and to pass on. To send, it is turned into a
/// typed sender by `into<T>()`, which is checked. It is made from a sender of any type, and is one more
/// sender of that channel.
template <class Executor = boost::asio::any_io_executor>
using basic_any_sender = basic_sender<message, Executor>;
using any_sender = basic_any_sender<>;

}  // namespace strait

#endif
