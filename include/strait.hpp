//
// Copyright (c) 2026 The strait authors
//
// Distributed under the Boost Software License, Version 1.0.
//

#ifndef STRAIT_HPP
#define STRAIT_HPP

#include <strait/any_end.hpp>
#include <strait/boost_archive.hpp>
#include <strait/bytes.hpp>
#include <strait/channel.hpp>
#include <strait/codec.hpp>
#include <strait/connect.hpp>
#include <strait/endpoint.hpp>
#include <strait/error.hpp>
#include <strait/exit_status.hpp>
#include <strait/handle.hpp>
#include <strait/handle_asio.hpp>
#include <strait/inherited.hpp>
#include <strait/limits.hpp>
#include <strait/listener.hpp>
#include <strait/listener_options.hpp>
#include <strait/loan.hpp>
#include <strait/message.hpp>
#include <strait/one_shot_server.hpp>
#include <strait/peer.hpp>
#include <strait/process.hpp>
#include <strait/process_options.hpp>
#include <strait/receiver.hpp>
#include <strait/receiver_set.hpp>
#include <strait/router.hpp>
#include <strait/sender.hpp>
#include <strait/shared_memory.hpp>
#include <strait/version.hpp>

#endif
