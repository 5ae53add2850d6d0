// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// Says whether a contract account accepts a signature (ERC-1271), at first deploying it where it isn't yet (ERC-6492).
/// Never deployed itself: it runs as the init code of an eth_call without a receiver, and leaves four bytes as its answer.
contract SignatureCheck {
  bytes4 private constant ACCEPTED = 0x1626ba7e; // isValidSignature's own magic value
  bytes4 private constant REFUSED = 0xffffffff;
  bytes4 private constant OTHER_CHAIN = 0x00000000;

  /// An account without code is deployed first. Where that fails, or there is no factory (the zero address), it stays
  /// without code, and what has no code gives no magic value.
  constructor(
    uint256 chain,
    address account,
    bytes32 hash,
    address factory,
    bytes memory deployment,
    bytes memory signature
  ) {
    bytes4 answer = OTHER_CHAIN;
    if (block.chainid == chain) {
      if (account.code.length == 0) deploy(factory, deployment);
      answer = accepts(account, hash, signature) ? ACCEPTED : REFUSED;
    }
    assembly {
      mstore(0, answer)
      return(0, 4)
    }
  }

  function deploy(address factory, bytes memory deployment) private {
    // What it answers is of no interest, and isn't copied: it may be of any length.
    assembly {
      pop(call(gas(), factory, 0, add(deployment, 32), mload(deployment), 0, 0))
    }
  }

  function accepts(address account, bytes32 hash, bytes memory signature) private view returns (bool isMagic) {
    bytes memory question = abi.encodeWithSelector(ACCEPTED, hash, signature);
    // Exactly one word, which is exactly the magic value: four bytes and zeros.
    assembly {
      mstore(0, 0)
      let isAnswered := staticcall(gas(), account, add(question, 32), mload(question), 0, 32)
      isMagic := and(and(isAnswered, eq(returndatasize(), 32)), eq(mload(0), shl(224, 0x1626ba7e)))
    }
  }
}
