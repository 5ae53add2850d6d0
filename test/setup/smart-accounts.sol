// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// A contract account with one key, which can be exchanged. Code that an account delegates to (EIP-7702) has no owner in
/// the account's own storage: the account's key is the owner then.
contract Account {
  address private chosen;

  constructor(address first) {
    chosen = first;
  }

  function owner() public view returns (address) {
    return chosen == address(0) ? address(this) : chosen;
  }

  function setOwner(address next) external {
    require(msg.sender == owner() && next != address(0));
    chosen = next;
  }

  function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
    if (signature.length != 65) return 0xffffffff;
    address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    return signer == owner() ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
  }
}

/// Code that an account delegates to (EIP-7702), and that has to be told whose the account is.
contract InitialisedAccount {
  address private owner;

  function initialise(address first) external {
    require(owner == address(0));
    owner = first;
  }

  function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
    if (signature.length != 65 || owner == address(0)) return 0xffffffff;
    address signer = ecrecover(hash, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    return signer == owner ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
  }
}

/// A contract whose owners sign on its chain, as those of a Safe can: then the signature is empty. It reverts for any other.
contract OnChainSigner {
  mapping(bytes32 => bool) private isSigned;

  function sign(bytes32 hash) external {
    isSigned[hash] = true;
  }

  function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
    require(signature.length == 0 && isSigned[hash], "GS026");
    return 0x1626ba7e;
  }
}

contract AccountFactory {
  function deploy(address owner, bytes32 salt) external returns (address) {
    return address(new Account{salt: salt}(owner));
  }

  function addressOf(address owner, bytes32 salt) external view returns (address) {
    bytes32 code = keccak256(abi.encodePacked(type(Account).creationCode, abi.encode(owner)));
    return address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), address(this), salt, code)))));
  }

  /// Deploys, and says that it failed: then nothing has been deployed.
  function deployAndRevert(address owner, bytes32 salt) external {
    new Account{salt: salt}(owner);
    revert();
  }

  /// Deploys, and uses up all the gas that it is given: then nothing has been deployed.
  function deployAndBurn(address owner, bytes32 salt) external {
    new Account{salt: salt}(owner);
    assembly {
      invalid()
    }
  }

  /// Deploys, and answers more than anyone wants to hear.
  function deployAndBabble(address owner, bytes32 salt) external {
    new Account{salt: salt}(owner);
    assembly {
      return(0, 1000000)
    }
  }
}

/// Answers whatever it is asked with the same bytes, or reverts with them.
contract Parrot {
  bytes private words;
  bool private isReverting;

  constructor(bytes memory answer, bool reverting) {
    words = answer;
    isReverting = reverting;
  }

  fallback(bytes calldata) external returns (bytes memory) {
    bytes memory answer = words;
    if (isReverting)
      assembly {
        revert(add(answer, 32), mload(answer))
      }
    return answer;
  }
}
